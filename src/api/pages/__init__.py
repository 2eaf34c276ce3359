"""What a page is: one call for help that somebody must acknowledge. Its rows, its link, its life."""
