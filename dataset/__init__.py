"""From a folder of videos and rating files to features, labels, descriptions and a story."""
