"""What is measured of a contender: how it is headed in both languages, its unit, and which way is better."""

from dataclasses import dataclass

from benchmarks.parts import Words


@dataclass(frozen=True)
class Metric:
    """Values are seconds, bytes or counts; they are written in the heading's unit."""

    heading: Words
    scale: float = 1.0
    digits: int = 0
    more_is_better: bool = False
    by_one: tuple[float, str] = (1.0, "")  # scale and unit of what one more adds

    def written(self, value: float) -> str:
        """The value in the heading's unit."""
        return f"{value * self.scale:,.{self.digits}f}"


METRICS = {
    "rate": Metric(Words("초당 요청 수", "requests/s"), more_is_better=True),
    "cpu": Metric(Words("요청당 CPU 시간 (µs)", "CPU µs/request"), 1e6),
    "client_cpu": Metric(Words("요청당 클라이언트 CPU 시간 (µs)", "client's CPU µs/request"), 1e6),
    "switches": Metric(Words("요청당 문맥 교환", "context switches/request"), digits=1),
    "faults": Metric(Words("요청당 페이지 폴트", "page faults/request"), digits=1),
    "p50": Metric(Words("응답 시간 중앙값 (ms)", "p50, ms"), 1e3, 2),
    "p99": Metric(Words("응답 시간 p99 (ms)", "p99, ms"), 1e3, 2),
    "p50_whole": Metric(Words("연결 포함 중앙값 (ms)", "p50 with connect, ms"), 1e3, 2),
    "p99_whole": Metric(Words("연결 포함 p99 (ms)", "p99 with connect, ms"), 1e3, 2),
    "lag": Metric(Words("예정보다 늦은 시간 (초)", "behind schedule, s"), digits=3),
    "makespan": Metric(Words("총 소요 시간 ÷ 지연", "makespan, delays"), digits=2),
    "creation": Metric(Words("생성 비용 ÷ 지연", "creation, delays"), digits=2),
    "beyond": Metric(Words("생성 비용을 뺀 총 소요 시간 ÷ 지연", "beyond creation, delays"), digits=2),
    "retries": Metric(Words("SYN 재전송", "SYN sent again")),
    "failed": Metric(Words("실패", "failed")),
    "waiting": Metric(Words("클라이언트당 PSS (kB)", "PSS kB/client"), 1e-3, 1),
    "peak": Metric(Words("최대 메모리 (MB)", "peak memory, MB"), 1e-6, 1, by_one=(1e-3, "kB")),
    "seconds": Metric(Words("초", "seconds"), digits=2),
    "cpu_seconds": Metric(Words("CPU 시간 (초)", "CPU seconds"), digits=2),
    "pages": Metric(Words("PDF 쪽수", "pages of PDF")),
    "longest": Metric(Words("가장 긴 실행 (초)", "longest run, s"), digits=1),
    "exclusive": Metric(Words("혼자 하는 실행의 합 (초)", "runs made alone, s"), digits=1),
    "overlap": Metric(Words("나머지 ÷ 가장 긴 실행", "the rest ÷ the longest run"), digits=2),
    "twenty": Metric(Words("PDF 20쪽당 초", "seconds for 20 pages of PDF"), digits=2),
    "record_cpu": Metric(Words("기록의 CPU 시간 (초)", "recording, CPU s"), digits=2, by_one=(1e3, "ms")),
    "record_peak": Metric(Words("기록의 최대 메모리 (MB)", "recording, peak MB"), 1e-6, 1, by_one=(1e-3, "kB")),
    "render_cpu": Metric(Words("렌더링의 CPU 시간 (초)", "rendering, CPU s"), digits=2, by_one=(1e3, "ms")),
    "render_peak": Metric(Words("렌더링의 최대 메모리 (MB)", "rendering, peak MB"), 1e-6, 1, by_one=(1e-3, "kB")),
    "share": Metric(Words("코어 하나에 대한 비율", "share of one core"), digits=3),
}
