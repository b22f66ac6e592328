#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "frames.hh"

namespace deepracer
{
/// One client at a time on a Unix socket. A client that breaks the rules, or goes away, is only dropped.
class Connection
{
public:
  /// Throws std::system_error when the socket cannot be made.
  explicit Connection(const std::string &path);
  ~Connection();
  Connection(const Connection &) = delete;
  Connection &operator=(const Connection &) = delete;

  /// The next request, when one arrives in time. Greets whoever connects.
  std::optional<Request> Receive(const Hello &hello, const std::vector<View> &views,
                                 std::chrono::milliseconds timeout);

  /// What the newest request places.
  const std::vector<Placed> &Places() const { return places_; }

  /// What the newest request wants to be changed, if anything.
  const std::optional<Conditions> &NewConditions() const { return conditions_; }

  /// Lets go of a client whose request cannot be met.
  void Refuse(const std::string &reason) { Drop(reason); }

  void Send(const Reply &reply, const std::vector<uint8_t> &images, const std::string &contacts);
  void Send(const Later &later, const std::vector<uint8_t> &images);

private:
  void Accept(const Hello &hello, const std::vector<View> &views);
  void Drop(const std::string &reason);
  void Send(std::initializer_list<std::pair<const void *, size_t>> parts);
  bool ReceivePlaces();
  bool ReceiveConditions();

  std::string path_;
  int listener_ = -1;
  int client_ = -1;
  std::vector<Placed> places_;
  std::optional<Conditions> conditions_;
};
}  // namespace deepracer
