"""Testing: sample inputs of every registered function, and checks that run on any backend."""
