#include "objects.hh"

namespace deepracer
{
std::string Objects::Place(const std::vector<Placed> &places)
{
  for (const auto &place : places)
    if (!world_->ModelByName(place.name))
      return place.name;
  for (const auto &place : places)
    world_->ModelByName(place.name)->SetWorldPose({place.x, place.y, 0.0, 0.0, 0.0, place.yaw});
  return "";
}
}  // namespace deepracer
