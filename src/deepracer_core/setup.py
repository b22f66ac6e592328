from setuptools import find_packages, setup

package_name = "deepracer_core"

setup(
    name=package_name,
    version="0.1.0",
    description="What DeepRacer is, without ROS and TensorFlow: track, rules, experience, stores.",
    maintainer="The DeepRacer maintainers",
    maintainer_email="maintainers@deepracer.example",
    license="Apache-2.0",
    packages=find_packages(),
    package_data={package_name: ["py.typed"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{package_name}"]),
        (f"share/{package_name}", ["package.xml"]),
    ],
    zip_safe=False,
    python_requires=">=3.10",
    extras_require={"test": ["pytest"]},
    entry_points={
        "console_scripts": [
            "redis_server = deepracer_core.redis_server:main",
        ],
    },
)
