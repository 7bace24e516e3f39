// Assignment 2: each connection in a thread of its own, with std::async.   usage: PORT DELAY
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket &&other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket(const Socket &) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

  std::string read_request() const {
    std::string request;
    char piece[4096];
    while (request.find("\r\n\r\n") == std::string::npos && request.size() < 30000) {
      const auto n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) return {};
      request.append(piece, n);
    }
    return request;
  }
  void write(const std::string &text) const { ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL); }

 private:
  int fd_;
};

static int listening = -1;

static void say(const std::string &what) {
  std::ostringstream line;
  line << "thread " << std::this_thread::get_id() << ": " << what << '\n';
  std::cout << line.str() << std::flush;
}

static std::string response(const std::string &body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

static void serve(Socket client, double delay) {
  const auto request = client.read_request();
  if (request.empty()) return;
  say(request.substr(0, request.find('\r')));
  std::this_thread::sleep_for(std::chrono::duration<double>(delay));
  client.write(response("My first web server!"));
  say("answered");
}

static Socket listen_on(int port) {
  Socket server(::socket(AF_INET, SOCK_STREAM, 0));
  const int on = 1;
  ::setsockopt(server.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(server.fd(), reinterpret_cast<sockaddr *>(&address), sizeof address) || ::listen(server.fd(), SOMAXCONN))
    throw std::runtime_error("cannot listen");
  return server;
}

int main(int argc, char **argv) {
  if (argc != 3) return 1;
  const auto delay = std::stod(argv[2]);
  const auto server = listen_on(std::stoi(argv[1]));
  listening = server.fd();
  std::signal(SIGTERM, [](int) { ::shutdown(listening, SHUT_RDWR); });
  for (;;) {
    Socket client(::accept(server.fd(), nullptr, nullptr));
    if (client.fd() < 0) break;
    const timeval patience{5, 0};
    ::setsockopt(client.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    auto task = std::async(std::launch::async, serve, std::move(client), delay);
    say("handed over to a thread");
  }
}
