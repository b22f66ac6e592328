#pragma once

// What travels over the socket; docs/simulator.md describes it for writers of other clients.
// All numbers are little-endian, angles in radians, lengths in metres.

#include <cstdint>

namespace deepracer
{
constexpr uint32_t kHelloMagic = 0x48525244;    // "DRRH"
constexpr uint32_t kRequestMagic = 0x51525244;  // "DRRQ"
constexpr uint32_t kReplyMagic = 0x41525244;    // "DRRA"
constexpr uint32_t kLaterMagic = 0x4c525244;    // "DRRL"
constexpr uint32_t kProtocol = 2;

/// The server speaks first, once for each connection. As many View follow as the car has cameras.
struct Hello
{
  static constexpr uint32_t kPlaces = 1;
  static constexpr uint32_t kConditions = 2;
  static constexpr uint32_t kChoices = 4;

  uint32_t magic;
  uint32_t protocol;
  uint32_t physics_rate;  // iterations in one second of simulated time
  uint32_t cameras;       // of the car, in the order of its SDF
  uint32_t features;      // kPlaces: a request can place objects; kConditions: it can carry conditions;
                          // kChoices: it can leave out cameras, or have their images later
  uint32_t reserved;
  uint64_t iterations;    // since the simulator started
};

/// A camera.
struct View
{
  char name[32];           // of the sensor in the SDF; UTF-8, ends with a zero
  uint32_t width, height;  // of its image, pixels of 3 bytes (red, green, blue)
};

/// With kPlace, a Placement follows, and as many Placed as it says; after these, with kConditions, Conditions.
struct Request
{
  static constexpr uint32_t kReset = 1;
  static constexpr uint32_t kPlace = 2;
  static constexpr uint32_t kConditions = 4;
  static constexpr uint32_t kBlind = 8;  // the reply needs no images
  static constexpr uint32_t kOmit = 1 << 16;   // not that of the first camera; one bit higher, of the second; ...
  static constexpr uint32_t kLater = 1 << 24;  // that of the first camera not in the reply but after it, in a Later
  static constexpr uint32_t kCameras = 0xff;   // so many bits there are for each of the two

  uint32_t magic;
  uint32_t sequence;    // comes back in the reply
  uint32_t iterations;  // how far to go
  uint32_t flags;
  double steering_angle;  // of a wheel midway between the front wheels, left positive
  double speed;           // m/s
  double x, y, yaw;       // with kReset: the car stands still here at the end of the step
};

struct Placement
{
  uint32_t count;
  uint32_t reserved;
};

/// From this step on the model stands here, on the ground.
struct Placed
{
  char name[32];  // UTF-8, ends with a zero
  double x, y, yaw;
};

/// From this step on the world looks, and the road grips, so. As it is here: like the world's own files say.
struct Conditions
{
  double light_strength = 1.0;                      // factor; of the sky, too
  double light_color[3] = {1.0, 1.0, 1.0};          // factors of red, green and blue; of the sky, too
  double light_azimuth = 0.0;                       // so far further round, counter-clockwise from above
  double light_elevation = 0.0;                     // so far higher up
  double road_color[3] = {1.0, 1.0, 1.0};           // factors of red, green and blue
  double field_color[3] = {1.0, 1.0, 1.0};
  double line_color[3] = {1.0, 1.0, 1.0};
  double object_color[3] = {1.0, 1.0, 1.0};
  double camera_pitch = 0.0;                        // so far further down
  double camera_field_of_view = 0.0;                // so much wider, horizontally
  double friction = 1.0;                            // factor of that of the tyres
  uint32_t road_texture = 0, field_texture = 0;     // which of the textures; 0: the world's own
};

/// Followed by the image of each camera that was not left out (height * width * 3 bytes, rows from the top) and the
/// names of the models that the car touched during the step (UTF-8, separated by line feeds).
struct Reply
{
  uint32_t magic;
  uint32_t sequence;
  uint64_t iterations;         // since the simulator started
  double position[3];          // of the car's base
  double orientation[4];       // quaternion x, y, z, w
  double linear_velocity[3];   // of the base, in the world's axes
  double angular_velocity[3];  // in the world's axes
  double steering_angles[2];   // left, right
  double wheel_speeds[4];      // front left, front right, rear left, rear right, rad/s
  uint64_t simulate_ns;        // how long the physics took
  uint64_t render_ns;          // how long the images took
  uint32_t images_size;        // bytes of all of them
  uint32_t contacts_size;      // bytes
};

/// Follows the reply to a request with kLater; the world has not moved meanwhile. Followed by the images of those
/// cameras, as in a reply.
struct Later
{
  uint32_t magic;
  uint32_t sequence;   // of the request
  uint64_t render_ns;  // how long the images took
  uint32_t size;       // bytes of all of them
  uint32_t reserved;
};

static_assert(sizeof(Later) == 24, "padding on the wire");
static_assert(sizeof(Hello) == 32 && sizeof(View) == 40, "padding on the wire");
static_assert(sizeof(Request) == 56 && sizeof(Reply) == 192, "padding on the wire");
static_assert(sizeof(Placement) == 8 && sizeof(Placed) == 56, "padding on the wire");
static_assert(sizeof(Conditions) == 176, "padding on the wire");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the frames are little-endian");
}  // namespace deepracer
