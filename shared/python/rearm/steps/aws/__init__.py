"""What some steps do on AWS, under the same names as beside it in `alibaba`. Imported when it is done there."""
