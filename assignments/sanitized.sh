# Runs a program that was built with -fsanitize: `sh sanitized.sh PROGRAM ARGUMENTS`.
#
# Its reports have no colours and do not name the folder that it lies in. Addresses are not randomized where that can be
# had, since some kernels do it with more bits than the sanitizers of some compilers can take.
export ASAN_OPTIONS="color=never:print_legend=0:strip_path_prefix=${1%/*}/" TSAN_OPTIONS="color=never"
if setarch -R true 2>/dev/null; then
    exec setarch -R "$@"
fi
exec "$@"
