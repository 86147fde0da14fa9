"""Rules over plain values: no await, no input or output, no clock."""
