"""What benchmarks found: figures of each side, goals, JSON, and the page with its chart."""
