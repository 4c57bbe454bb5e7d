"""What each compound and community holds on a day: plain counts between two runs."""
