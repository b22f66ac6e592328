#include "conditions.hh"

#include <cmath>
#include <cstring>
#include <initializer_list>

namespace deepracer
{
namespace
{
constexpr double kMaxFactor = 1000.0;
constexpr uint32_t kMaxTextures = 1000;

bool AreFactors(const double *numbers, int count)
{
  for (int i = 0; i < count; ++i)
    if (!(numbers[i] >= 0.0 && numbers[i] <= kMaxFactor))
      return false;
  return true;
}
}  // namespace

bool IsPossible(const Conditions &conditions)
{
  for (const auto *color : {conditions.light_color, conditions.road_color, conditions.field_color,
                            conditions.line_color, conditions.object_color})
    if (!AreFactors(color, 3))
      return false;
  for (double angle : {conditions.light_azimuth, conditions.light_elevation, conditions.camera_pitch,
                       conditions.camera_field_of_view})
    if (!(std::abs(angle) <= M_PI))
      return false;
  return AreFactors(&conditions.light_strength, 1) && AreFactors(&conditions.friction, 1) &&
         conditions.road_texture < kMaxTextures && conditions.field_texture < kMaxTextures;
}

bool LookAlike(const Conditions &one, const Conditions &other)
{
  Conditions same_grip = one;
  same_grip.friction = other.friction;
  return std::memcmp(&same_grip, &other, sizeof(other)) == 0;
}
}  // namespace deepracer
