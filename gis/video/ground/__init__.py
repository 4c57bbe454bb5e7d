"""Covered public ground of compounds: what points show and what stays blind, run after run."""
