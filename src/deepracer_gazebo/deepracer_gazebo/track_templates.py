"""The texts of the generated Gazebo files: SDF 1.6, OGRE materials, model descriptions."""

MODEL_CONFIG = """\
<?xml version="1.0"?>
<model>
  <name>{name}</name>
  <version>1.0</version>
  <sdf version="1.6">model.sdf</sdf>
  <author>
    <name>The DeepRacer maintainers</name>
  </author>
  <description>{description}</description>
</model>
"""

# The wheels alone decide the grip: ODE takes the lower friction of two surfaces.
FIELD_SDF = """\
<?xml version="1.0"?>
<sdf version="1.6">
  <model name="field">
    <static>true</static>
    <link name="ground">
      <collision name="plane">
        <geometry>
          <plane>
            <normal>0 0 1</normal>
            <size>200 200</size>
          </plane>
        </geometry>
        <surface>
          <friction>
            <ode>
              <mu>100</mu>
              <mu2>100</mu2>
            </ode>
          </friction>
        </surface>
      </collision>
      <visual name="grass">
        <cast_shadows>false</cast_shadows>
        <geometry>
          <mesh>
            <uri>model://field/meshes/field.obj</uri>
          </mesh>
        </geometry>
        <material>
          <script>
            <uri>model://field/materials/scripts</uri>
            <uri>model://field/materials/textures</uri>
            <name>Field/Grass</name>
          </script>
        </material>
      </visual>
    </link>
  </model>
</sdf>
"""

FIELD_OBJ = """\
o field
v -100 -100 0
v 100 -100 0
v 100 100 0
v -100 100 0
vt -50 -50
vt 50 -50
vt 50 50
vt -50 50
vn 0 0 1
f 1/1/1 2/2/1 3/3/1
f 1/1/1 3/3/1 4/4/1
"""

_PLAIN = """\
material {name}
{{
  technique
  {{
    pass
    {{
      ambient {color}
      diffuse {color}
      specular 0 0 0 1
    }}
  }}
}}
"""

_TEXTURED = """\
material {name}
{{
  technique
  {{
    pass
    {{
      ambient 1 1 1
      diffuse 1 1 1
      specular 0 0 0 1
      texture_unit
      {{
        texture {texture}
        filtering trilinear
      }}
    }}
  }}
}}
"""

MATERIALS = "\n".join(
    (
        _TEXTURED.format(name="Field/Grass", texture="grass.png"),
        _TEXTURED.format(name="Field/Asphalt", texture="asphalt.png"),
        _PLAIN.format(name="Field/WhiteLine", color="0.95 0.95 0.95"),
        _PLAIN.format(name="Field/OrangeLine", color="1.0 0.6 0.1"),
    )
)

_ROAD_VISUAL = """\
      <visual name="{part}">
        <pose>0 0 {height} 0 0 0</pose>
        <cast_shadows>false</cast_shadows>
        <geometry>
          <mesh>
            <uri>model://{{name}}/meshes/{part}.obj</uri>
          </mesh>
        </geometry>
        <material>
          <script>
            <uri>model://field/materials/scripts</uri>
            <uri>model://field/materials/textures</uri>
            <name>Field/{material}</name>
          </script>
        </material>
      </visual>
"""

# Paint on paint: a millimetre or two apart, else the depth buffer cannot tell which is on top.
TRACK_SDF = (
    """\
<?xml version="1.0"?>
<sdf version="1.6">
  <model name="{name}">
    <static>true</static>
    <link name="road">
"""
    + _ROAD_VISUAL.format(part="asphalt", height=0.001, material="Asphalt")
    + _ROAD_VISUAL.format(part="borders", height=0.002, material="WhiteLine")
    + _ROAD_VISUAL.format(part="center_line", height=0.002, material="OrangeLine")
    + """\
    </link>
  </model>
</sdf>
"""
)

WORLD = """\
<?xml version="1.0"?>
<sdf version="1.6">
  <world name="{name}">
    <physics name="control" type="ode" default="true">
      <max_step_size>0.0033333333333333335</max_step_size>
      <real_time_update_rate>0</real_time_update_rate>
      <ode>
        <solver>
          <type>world</type>
        </solver>
        <constraints>
          <cfm>0.00001</cfm>
        </constraints>
      </ode>
    </physics>
    <scene>
      <ambient>0.45 0.45 0.45 1</ambient>
      <background>0.62 0.78 0.92 1</background>
      <shadows>false</shadows>
      <grid>false</grid>
    </scene>
    <light name="sun" type="directional">
      <cast_shadows>false</cast_shadows>
      <pose>0 0 10 0 0 0</pose>
      <diffuse>0.6 0.6 0.6 1</diffuse>
      <specular>0.1 0.1 0.1 1</specular>
      <direction>-0.4 0.3 -0.9</direction>
    </light>
    <include>
      <uri>model://field</uri>
    </include>
    <include>
      <uri>model://{name}</uri>
    </include>
    <include>
      <uri>model://deepracer</uri>
      <name>deepracer</name>
      <pose>{start}</pose>
    </include>
    <gui>
      <camera name="overview">
        <pose>{view}</pose>
      </camera>
    </gui>
    <plugin name="lockstep" filename="libdeepracer_plugin.so">
      <car>deepracer</car>
    </plugin>
  </world>
</sdf>
"""
