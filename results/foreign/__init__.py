"""Evaluation of measurements that other people's loggers recorded: a text file, and what was done to get it."""
