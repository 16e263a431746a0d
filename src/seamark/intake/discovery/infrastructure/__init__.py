"""What the extractors of containers, clusters and clouds share: images, places, addresses, and the engines that read declared objects."""
