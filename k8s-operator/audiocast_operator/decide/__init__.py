"""What to do next: pure functions of what is wanted and what there is. They know no clock, API or network."""
