"""Packages and what is in them."""

import os
import shutil

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.launch_context import LaunchContext
from launch.stand_in import absent_from
from launch.substitution import (
    SomeSubstitutionsType,
    Substitution,
    SubstitutionFailure,
    describe_substitutions,
    normalize_to_list_of_substitutions,
    perform_substitutions,
)

__all__ = ["ExecutableInPackage", "FindPackagePrefix", "FindPackageShare"]

__getattr__ = absent_from(__name__)


class _FindPackage(Substitution):
    def __init__(self, package: SomeSubstitutionsType) -> None:
        self._package = normalize_to_list_of_substitutions(package)

    def describe(self) -> str:
        return f"{type(self).__name__}(pkg={describe_substitutions(self._package)})"


class FindPackagePrefix(_FindPackage):
    """The folder under which a package is installed.

    Raises:
        PackageNotFoundError: when performed and the package is in no sourced workspace.
    """

    def perform(self, context: LaunchContext) -> str:
        """Look the package up."""
        return get_package_prefix(perform_substitutions(context, self._package))


class FindPackageShare(_FindPackage):
    """The share folder of a package.

    Raises:
        PackageNotFoundError: when performed and the package is in no sourced workspace.
    """

    def perform(self, context: LaunchContext) -> str:
        """Look the package up."""
        return get_package_share_directory(perform_substitutions(context, self._package))


class ExecutableInPackage(FindPackagePrefix):
    """The path of a package's executable, lib/PACKAGE/EXECUTABLE under its prefix."""

    def __init__(self, executable: SomeSubstitutionsType, package: SomeSubstitutionsType) -> None:
        super().__init__(package)
        self._executable = normalize_to_list_of_substitutions(executable)

    def describe(self) -> str:
        """Describe package and executable."""
        package = describe_substitutions(self._package)
        return f"ExecInPkg(pkg={package}, exec={describe_substitutions(self._executable)})"

    def perform(self, context: LaunchContext) -> str:
        """Look the executable up.

        Raises:
            PackageNotFoundError: the package is in no sourced workspace.
            SubstitutionFailure: the package has no such executable.
        """
        executable = perform_substitutions(context, self._executable)
        package = perform_substitutions(context, self._package)
        prefix = super().perform(context)
        folder = os.path.join(prefix, "lib", package)
        if not os.path.exists(folder):
            raise SubstitutionFailure(
                f"package '{package}' found at '{prefix}', but libexec directory '{folder}'"
                " does not exist"
            )
        path = shutil.which(executable, path=folder)
        if path is None:
            raise SubstitutionFailure(
                f"executable '{executable}' not found on the libexec directory '{folder}' "
            )
        return path
