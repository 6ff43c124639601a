"""When things happen: jobs that fall due, messages that go out, and the clock that wakes both."""
