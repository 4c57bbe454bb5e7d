"""Drawing: frames in, Folium layers and pages out."""
