"""What is inside the clips with made ratings: courses, faces, raters."""
