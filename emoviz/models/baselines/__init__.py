"""Rivals of the two methods, small and in one shape: what a table needs beside them."""
