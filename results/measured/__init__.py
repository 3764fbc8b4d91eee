"""Tests other than flow accuracy and boluses: named measured values, each judged with its uncertainty."""
