"""Live video of a simulation: as a page for browsers, or to Kinesis Video Streams."""
