// Assignment 3 in C++: a pool whose threads wait on one condition variable.   usage: PORT DELAY
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kSlots = 10;
constexpr std::size_t kAddAt = kSlots * 80 / 100;
constexpr std::size_t kMaxWorkers = 128;

int server_socket = -1;

void serve(int client, double delay) {
  std::string request;
  std::array<char, 2048> chunk;
  const timeval limit{5, 0};
  ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  bool whole = false;
  while (!whole && request.size() < 30000) {
    const ssize_t n = ::read(client, chunk.data(), chunk.size());
    if (n <= 0) break;
    request.append(chunk.data(), static_cast<std::size_t>(n));
    whole = request.find("\r\n\r\n") != std::string::npos;
  }
  if (whole) {
    std::this_thread::sleep_for(std::chrono::duration<double>(delay));
    const std::string body = "My first web server!";
    const std::string response = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
    ::send(client, response.data(), response.size(), MSG_NOSIGNAL);
  }
  ::close(client);
}

class Pool {
 public:
  explicit Pool(double delay) : delay_(delay) {
    const std::lock_guard<std::mutex> guard(mutex_);
    grow();
  }

  ~Pool() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return queue_.empty() && idle() == workers_.size(); });
    closing_ = true;
    changed_.notify_all();
    lock.unlock();
    for (auto &worker : workers_) worker.thread.join();
  }

  void wait_until_not_full() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return queue_.size() < kSlots; });
  }

  void push(int client) {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (std::size_t i = 1; i <= workers_.size(); ++i) {
      const std::size_t candidate = (last_ + i) % workers_.size();
      if (workers_[candidate].client == kNone) {
        assign(candidate, client);
        return;
      }
    }
    queue_.push_back(client);
    if (queue_.size() >= kAddAt && workers_.size() < kMaxWorkers) {
      grow();
      assign(workers_.size() - 1, queue_.front());
      queue_.pop_front();
    }
    std::printf("queue: %zu, workers: %zu\n", queue_.size(), workers_.size());
  }

 private:
  static constexpr int kNone = -1;
  struct Worker {
    std::thread thread;
    int client = kNone;
  };

  void grow() {
    const std::size_t index = workers_.size();
    workers_.emplace_back();
    workers_.back().thread = std::thread([this, index] { run(index); });
  }

  void assign(std::size_t index, int client) {
    workers_[index].client = client;
    last_ = index;
    changed_.notify_all();
  }

  std::size_t idle() const {
    std::size_t count = 0;
    for (const auto &worker : workers_) count += worker.client == kNone;
    return count;
  }

  void run(std::size_t me) {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return closing_ || workers_[me].client != kNone; });
      if (workers_[me].client == kNone) return;
      const int client = workers_[me].client;
      lock.unlock();
      serve(client, delay_);
      lock.lock();
      std::printf("worker %zu: served\n", me + 1);
      workers_[me].client = kNone;
      if (!queue_.empty()) {
        const int next = queue_.front();
        queue_.pop_front();
        assign(me, next);
      }
      changed_.notify_all();
    }
  }

  const double delay_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> queue_;
  std::vector<Worker> workers_;
  std::size_t last_ = 0;
  bool closing_ = false;
};

}  // namespace

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(argv[1])));
  server_socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  ::setsockopt(server_socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(server_socket, reinterpret_cast<sockaddr *>(&address), sizeof address) < 0) return 1;
  if (::listen(server_socket, SOMAXCONN) < 0) return 1;
  std::signal(SIGTERM, [](int) { ::shutdown(server_socket, SHUT_RDWR); });

  Pool pool(std::stod(argv[2]));
  for (;;) {
    pool.wait_until_not_full();
    const int client = ::accept(server_socket, nullptr, nullptr);
    if (client < 0) break;
    pool.push(client);
  }
  ::close(server_socket);
}
