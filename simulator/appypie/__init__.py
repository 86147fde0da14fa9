"""The Appy Pie gateway at its documented paths."""
