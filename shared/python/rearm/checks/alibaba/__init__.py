"""What some checks do on Alibaba Cloud, under the same names as beside it in `aws`. Imported when it is asked there."""
