#pragma once

#include "frames.hh"

namespace deepracer
{
/// Whether all numbers are finite, and factors and angles within what can be shown.
bool IsPossible(const Conditions &conditions);

/// Whether the world looks the same in both.
bool LookAlike(const Conditions &one, const Conditions &other);
}  // namespace deepracer
