"""How pytest collects and runs launch tests."""
