"""From a rated quarter to published colours: review, objections, a second person, publication."""
