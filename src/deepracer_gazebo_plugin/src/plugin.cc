#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gazebo/common/Events.hh>
#include <gazebo/common/Console.hh>
#include <gazebo/common/Plugin.hh>
#include <gazebo/physics/physics.hh>
#include <gazebo/transport/TransportIface.hh>

#include "appearance.hh"
#include "cameras.hh"
#include "car.hh"
#include "connection.hh"
#include "contacts.hh"
#include "grip.hh"
#include "objects.hh"

using namespace std::chrono_literals;

namespace deepracer
{
namespace
{
// Between two requests Gazebo's own duties (messages, shutdown) get a turn this often.
constexpr auto kIdle = 20ms;

/// A world without its car is of no use, and on an exception Gazebo would crash.
[[noreturn]] void GiveUp(const std::runtime_error &error)
{
  gzerr << "deepracer: " << error.what() << std::endl;
  std::_Exit(EXIT_FAILURE);
}

uint64_t NanosecondsSince(std::chrono::steady_clock::time_point start)
{
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
}
}  // namespace

/// Steps the world when a client asks for it, and answers with what is to be seen at the step's end.
///
/// Gazebo's world loop calls `OnStep` before each of its rounds, paused or not, without the world's lock. All of
/// the work is done there, on the world's own thread: the world is unpaused for exactly the iterations of a
/// request, and between requests the loop, which would spin, sleeps on the socket.
class LockstepPlugin : public gazebo::WorldPlugin
{
public:
  void Load(gazebo::physics::WorldPtr world, sdf::ElementPtr sdf) override
  {
    try
    {
      Prepare(world, sdf->Get<std::string>("car", "deepracer").first);
    }
    catch (const std::runtime_error &error)
    {
      GiveUp(error);
    }
  }

private:
  void Prepare(gazebo::physics::WorldPtr world, const std::string &name)
  {
    world_ = world;
    const char *path = std::getenv("DEEPRACER_SOCKET");
    if (path == nullptr)
      throw std::runtime_error("the environment variable DEEPRACER_SOCKET is not set");
    path_ = path;
    const auto model = world->ModelByName(name);
    if (!model)
      throw std::runtime_error("the world has no model '" + name + "'");

    const auto physics = world->Physics();
    // A step must not depend on the one before through anything but the state of the bodies.
    physics->SetParam("warm_start_factor", 0.0);
    // Else every contact of every iteration becomes a message.
    gazebo::transport::setMinimalComms(true);

    car_ = std::make_unique<Car>(model);
    contacts_ = std::make_unique<Contacts>(world, model);
    grip_ = std::make_unique<Grip>(model);
    appearance_ = std::make_unique<Appearance>(world);
    cameras_ = std::make_unique<Cameras>(world, model, *appearance_);
    objects_ = std::make_unique<Objects>(world);

    const auto start = model->WorldPose();
    car_->Reset(start.Pos().X(), start.Pos().Y(), start.Rot().Yaw());

    begin_ = gazebo::event::Events::ConnectWorldUpdateBegin([this](const auto &) { car_->Drive(); });
    end_ = gazebo::event::Events::ConnectWorldUpdateEnd([this] { contacts_->Collect(); });
    // Gazebo sets a function of its own each time that a sensor is created.
    sensor_ = gazebo::event::Events::ConnectCreateSensor([this](auto &&...) { Install(); });
    Install();
  }

  void Install()
  {
    world_->SetSensorWaitFunc([this](double, double) { OnStep(); });
  }

  void OnStep()
  {
    if (stepping_)
    {
      if (world_->Iterations() < target_)
      {
        world_->SetPaused(false);
        return;
      }
      Finish();
    }
    if (!connection_)
    {
      if (!cameras_->Ready())
      {
        // No socket yet: its appearance tells that the simulator is ready.
        gazebo::common::Time::MSleep(1);
        return;
      }
      try
      {
        connection_ = std::make_unique<Connection>(path_);
      }
      catch (const std::runtime_error &error)
      {
        GiveUp(error);
      }
    }
    if (const auto request = connection_->Receive(MakeHello(), cameras_->Views(), kIdle))
      Begin(*request);
  }

  void Begin(const Request &request)
  {
    const auto missing = objects_->Place(connection_->Places());
    if (!missing.empty())
      return connection_->Refuse("it placed '" + missing + "', which the world does not have");
    if (const auto &conditions = connection_->NewConditions())
    {
      grip_->Set(conditions->friction);
      appearance_->Set(*conditions);
    }
    request_ = request;
    started_ = std::chrono::steady_clock::now();
    contacts_->Clear();
    car_->SetCommand({request.steering_angle, request.speed});
    if (request.flags & Request::kReset)
      car_->Reset(request.x, request.y, request.yaw);
    target_ = world_->Iterations() + request.iterations;
    stepping_ = true;
    world_->SetPaused(false);
  }

  void Finish()
  {
    world_->SetPaused(true);
    stepping_ = false;
    if (request_.flags & Request::kReset)
    {
      // Time went on, the car has not moved: the next episode starts from exactly this state.
      car_->Reset(request_.x, request_.y, request_.yaw);
      contacts_->Clear();
    }

    Reply reply{};
    reply.magic = kReplyMagic;
    reply.sequence = request_.sequence;
    reply.iterations = world_->Iterations();
    car_->Observe(reply);
    reply.simulate_ns = NanosecondsSince(started_);

    const auto rendering = std::chrono::steady_clock::now();
    images_.clear();
    const uint32_t later = request_.flags / Request::kLater & Request::kCameras;
    const uint32_t omitted = (request_.flags / Request::kOmit & Request::kCameras) | later;
    if (!(request_.flags & Request::kBlind) && !cameras_->Shoot(images_, omitted))
      return;
    reply.render_ns = NanosecondsSince(rendering);
    const auto contacts = contacts_->Names();
    reply.images_size = static_cast<uint32_t>(images_.size());
    reply.contacts_size = static_cast<uint32_t>(contacts.size());
    connection_->Send(reply, images_, contacts);
    if (later != 0)
      LookAgain(later);
  }

  /// While the client thinks about the reply: pictures that it does not need for that.
  void LookAgain(uint32_t cameras)
  {
    const auto rendering = std::chrono::steady_clock::now();
    if (!cameras_->Shoot(images_, ~cameras))
      return;
    Later later{};
    later.magic = kLaterMagic;
    later.sequence = request_.sequence;
    later.render_ns = NanosecondsSince(rendering);
    later.size = static_cast<uint32_t>(images_.size());
    connection_->Send(later, images_);
  }

  Hello MakeHello() const
  {
    Hello hello{};
    hello.magic = kHelloMagic;
    hello.protocol = kProtocol;
    hello.physics_rate = static_cast<uint32_t>(std::lround(1.0 / world_->Physics()->GetMaxStepSize()));
    hello.cameras = static_cast<uint32_t>(cameras_->Views().size());
    hello.features = Hello::kPlaces | Hello::kConditions | Hello::kChoices;
    hello.iterations = world_->Iterations();
    return hello;
  }

  gazebo::physics::WorldPtr world_;
  std::string path_;
  std::unique_ptr<Car> car_;
  std::unique_ptr<Contacts> contacts_;
  std::unique_ptr<Grip> grip_;
  std::unique_ptr<Appearance> appearance_;
  std::unique_ptr<Cameras> cameras_;
  std::unique_ptr<Objects> objects_;
  std::unique_ptr<Connection> connection_;

  Request request_{};
  uint64_t target_ = 0;
  bool stepping_ = false;
  std::chrono::steady_clock::time_point started_;
  std::vector<uint8_t> images_;

  gazebo::event::ConnectionPtr begin_, end_, sensor_;
};

GZ_REGISTER_WORLD_PLUGIN(LockstepPlugin)
}  // namespace deepracer
