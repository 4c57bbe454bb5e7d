"""The web application: pages that the service renders, their words, styles and scripts."""
