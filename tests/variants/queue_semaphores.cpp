// Assignment 3, right: each worker sleeps on a semaphore of its own; a monitor decides.   usage: PORT DELAY
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Worker {
  explicit Worker(int n) : number(n) {}
  const int number;
  std::optional<int> message;
  bool leaving = false;
  std::binary_semaphore wake{0};
};

class Monitor {
 public:
  explicit Monitor(double delay) : delay_(delay), hold_(std::max(delay, 0.5)), low_since_(Clock::now()) {
    std::lock_guard lock(mutex_);
    add();
    std::thread([this] { shrink(); }).detach();
  }

  void await_slot() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < 10; });
  }

  void arrived(int connection) {
    std::lock_guard lock(mutex_);
    if (auto free = next_in_ring([](const Worker &w) { return !w.message && !w.leaving; })) {
      hand(*free, connection);
      return;
    }
    waiting_.push(connection);
    if (waiting_.size() >= 8 && ring_.size() < 100) {
      add();
      hand(ring_.size() - 1, oldest());
    }
    tell();
  }

  void await_end() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] {
      return waiting_.empty() && std::all_of(ring_.begin(), ring_.end(), [](auto &w) { return !w->message; });
    });
  }

 private:
  void add() {
    auto worker = std::make_shared<Worker>(++hired_);
    ring_.push_back(worker);
    std::thread([this, worker] { live(*worker); }).detach();
  }

  void hand(std::size_t index, int connection) {
    last_ = index;
    ring_[index]->message = connection;
    ring_[index]->wake.release();
  }

  int oldest() {
    const int connection = waiting_.front();
    waiting_.pop();
    if (waiting_.size() == 2) low_since_ = Clock::now();
    return connection;
  }

  template <typename Condition>
  std::optional<std::size_t> next_in_ring(Condition fits) const {
    for (std::size_t step = 1; step <= ring_.size(); ++step) {
      const auto index = (last_ + step) % ring_.size();
      if (fits(*ring_[index])) return index;
    }
    return std::nullopt;
  }

  std::size_t place(const Worker &worker) const {
    return std::find_if(ring_.begin(), ring_.end(), [&](auto &w) { return w.get() == &worker; }) - ring_.begin();
  }

  void take_out(const Worker &worker) {
    const auto index = place(worker);
    ring_.erase(ring_.begin() + static_cast<long>(index));
    if (index <= last_) --last_;  // never below 0, as the first never leaves
  }

  void live(Worker &me) {
    for (;;) {
      me.wake.acquire();
      if (!me.message) return;  // woken in order to leave
      serve(*me.message);
      std::lock_guard lock(mutex_);
      me.message.reset();
      changed_.notify_all();
      if (me.leaving) {
        take_out(me);
        tell();
        return;
      }
      if (!waiting_.empty()) hand(place(me), oldest());
    }
  }

  void shrink() {
    auto next = Clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
      const auto due = std::max(next, low_since_ + std::chrono::duration_cast<Clock::duration>(hold_));
      const auto first = ring_.front().get();
      auto leaver = next_in_ring([&](const Worker &w) { return &w != first && !w.leaving && !w.message; });
      if (!leaver) leaver = next_in_ring([&](const Worker &w) { return &w != first && !w.leaving; });
      if (!leaver || waiting_.size() > 2) {
        changed_.wait(lock);
      } else if (Clock::now() < due) {
        changed_.wait_until(lock, due);
      } else {
        const auto worker = ring_[*leaver];
        worker->leaving = true;
        if (!worker->message) {
          take_out(*worker);
          worker->wake.release();
        }
        next = Clock::now() + std::chrono::duration_cast<Clock::duration>(hold_ / 5);
        tell();
      }
    }
  }

  void serve(int connection) const {
    const timeval patience{5, 0};
    ::setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string request;
    char part[1024];
    for (ssize_t n; request.size() < 30000 && (n = ::recv(connection, part, sizeof part, 0)) > 0;) {
      request.append(part, static_cast<std::size_t>(n));
      if (request.find("\r\n\r\n") == std::string::npos) continue;
      std::this_thread::sleep_for(delay_);
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20\r\nConnection: close\r\n\r\n"
          "My first web server!";
      ::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      break;
    }
    ::close(connection);
  }

  void tell() {
    std::cout << "depth " << waiting_.size() << ", workers " << ring_.size() << std::endl;
    changed_.notify_all();
  }

  const Seconds delay_, hold_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::queue<int> waiting_;
  std::vector<std::shared_ptr<Worker>> ring_;
  std::size_t last_ = 0;
  int hired_ = 0;
  Clock::time_point low_since_;
};

static int door;

int main(int argc, char **argv) {
  if (argc != 3) return 1;
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(static_cast<in_port_t>(std::stoi(argv[1])));
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  door = ::socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  ::setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(door, reinterpret_cast<sockaddr *>(&here), sizeof here) || ::listen(door, SOMAXCONN)) {
    std::perror("listen");
    return 1;
  }
  std::signal(SIGTERM, [](int) { ::shutdown(door, SHUT_RDWR); });
  Monitor monitor(std::stod(argv[2]));
  for (;;) {
    monitor.await_slot();
    const int connection = ::accept(door, nullptr, nullptr);
    if (connection < 0) break;
    monitor.arrived(connection);
  }
  monitor.await_end();
  std::_Exit(0);  // workers still sleep in the monitor, which must not be torn down under them
}
