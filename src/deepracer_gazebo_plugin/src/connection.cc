#include "connection.hh"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <system_error>

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include <gazebo/common/Console.hh>

#include "conditions.hh"

namespace deepracer
{
namespace
{
// Longer than any control period that makes sense; a typing error shall not freeze the simulator.
constexpr uint32_t kMaxIterations = 100000;

constexpr uint32_t kMaxPlaces = 64;

// A client that stops in the middle of a frame.
constexpr timeval kClientPatience{5, 0};

std::string Fault(const Request &request)
{
  if (request.magic != kRequestMagic)
    return "it sent something else than a request";
  if (request.iterations == 0 || request.iterations > kMaxIterations)
    return "it asked for " + std::to_string(request.iterations) + " iterations";
  for (double number : {request.steering_angle, request.speed, request.x, request.y, request.yaw})
    if (!std::isfinite(number))
      return "it sent a number that is not finite";
  return "";
}
}  // namespace

Connection::Connection(const std::string &path) : path_(path)
{
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    throw std::system_error(ENAMETOOLONG, std::generic_category(), path);
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);

  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  unlink(path.c_str());
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr *>(&address), sizeof(address)) < 0 ||
      listen(listener_, 4) < 0)
    throw std::system_error(errno, std::generic_category(), path);
}

Connection::~Connection()
{
  if (client_ >= 0)
    close(client_);
  close(listener_);
  unlink(path_.c_str());
}

std::optional<Request> Connection::Receive(const Hello &hello, const std::vector<View> &views,
                                           std::chrono::milliseconds timeout)
{
  pollfd waiting{client_ >= 0 ? client_ : listener_, POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0)
    return std::nullopt;
  if (client_ < 0)
  {
    Accept(hello, views);
    return std::nullopt;
  }

  Request request;
  const ssize_t count = recv(client_, &request, sizeof(request), MSG_WAITALL);
  if (count != sizeof(request))
  {
    Drop(count == 0 ? "" : "its request is incomplete");
    return std::nullopt;
  }
  const auto fault = Fault(request);
  if (!fault.empty())
  {
    Drop(fault);
    return std::nullopt;
  }
  places_.clear();
  if (request.flags & Request::kPlace && !ReceivePlaces())
    return std::nullopt;
  conditions_.reset();
  if (request.flags & Request::kConditions && !ReceiveConditions())
    return std::nullopt;
  return request;
}

bool Connection::ReceivePlaces()
{
  Placement placement;
  if (recv(client_, &placement, sizeof(placement), MSG_WAITALL) != sizeof(placement))
  {
    Drop("its placement is incomplete");
    return false;
  }
  if (placement.count > kMaxPlaces)
  {
    Drop("it placed " + std::to_string(placement.count) + " objects");
    return false;
  }
  places_.resize(placement.count);
  const ssize_t size = places_.size() * sizeof(Placed);
  if (recv(client_, places_.data(), size, MSG_WAITALL) != size)
  {
    Drop("its placement is incomplete");
    return false;
  }
  for (const auto &place : places_)
    if (place.name[sizeof(place.name) - 1] != 0 || !std::isfinite(place.x) || !std::isfinite(place.y) ||
        !std::isfinite(place.yaw))
    {
      Drop("it placed something without a name or at no place");
      return false;
    }
  return true;
}

bool Connection::ReceiveConditions()
{
  Conditions conditions;
  if (recv(client_, &conditions, sizeof(conditions), MSG_WAITALL) != sizeof(conditions))
  {
    Drop("its conditions are incomplete");
    return false;
  }
  if (!IsPossible(conditions))
  {
    Drop("it asked for conditions that are not possible");
    return false;
  }
  conditions_ = conditions;
  return true;
}

void Connection::Send(const Reply &reply, const std::vector<uint8_t> &images, const std::string &contacts)
{
  Send({{&reply, sizeof(reply)}, {images.data(), images.size()}, {contacts.data(), contacts.size()}});
}

void Connection::Send(const Later &later, const std::vector<uint8_t> &images)
{
  // A client that did not take the reply is gone.
  if (client_ >= 0)
    Send({{&later, sizeof(later)}, {images.data(), images.size()}});
}

void Connection::Send(std::initializer_list<std::pair<const void *, size_t>> parts)
{
  std::vector<iovec> pending;
  for (const auto &[data, size] : parts)
    pending.push_back({const_cast<void *>(data), size});
  msghdr message{};
  message.msg_iov = pending.data();
  message.msg_iovlen = pending.size();
  while (message.msg_iovlen > 0)
  {
    ssize_t sent = sendmsg(client_, &message, MSG_NOSIGNAL);
    if (sent < 0)
      return Drop("it does not take its reply");
    while (message.msg_iovlen > 0 && sent >= static_cast<ssize_t>(message.msg_iov->iov_len))
    {
      sent -= message.msg_iov->iov_len;
      ++message.msg_iov;
      --message.msg_iovlen;
    }
    if (message.msg_iovlen > 0)
    {
      message.msg_iov->iov_base = static_cast<char *>(message.msg_iov->iov_base) + sent;
      message.msg_iov->iov_len -= sent;
    }
  }
}

void Connection::Accept(const Hello &hello, const std::vector<View> &views)
{
  client_ = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client_ < 0)
    return;
  setsockopt(client_, SOL_SOCKET, SO_RCVTIMEO, &kClientPatience, sizeof(kClientPatience));
  setsockopt(client_, SOL_SOCKET, SO_SNDTIMEO, &kClientPatience, sizeof(kClientPatience));
  // A whole reply of usual images fits into the buffer, so that sending does not wait for the client's reading.
  const int size = 1 << 20;
  setsockopt(client_, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  const ssize_t size_of_views = views.size() * sizeof(View);
  if (send(client_, &hello, sizeof(hello), MSG_NOSIGNAL) != sizeof(hello) ||
      send(client_, views.data(), size_of_views, MSG_NOSIGNAL) != size_of_views)
    Drop("it does not take the greeting");
}

void Connection::Drop(const std::string &reason)
{
  if (!reason.empty())
    gzerr << "deepracer: dropped the client: " << reason << "\n";
  close(client_);
  client_ = -1;
}
}  // namespace deepracer
