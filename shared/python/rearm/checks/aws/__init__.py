"""What some checks do on AWS, under the same names as beside it in `alibaba`. Imported when it is asked there."""
