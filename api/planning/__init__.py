"""Plans of new video points: asked for, kept, drawn."""
