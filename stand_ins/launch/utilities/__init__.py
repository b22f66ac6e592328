"""Functions for those who write actions of their own."""

from launch.stand_in import absent_from
from launch.substitution import normalize_to_list_of_substitutions, perform_substitutions

__all__ = ["normalize_to_list_of_substitutions", "perform_substitutions"]

__getattr__ = absent_from(__name__)
