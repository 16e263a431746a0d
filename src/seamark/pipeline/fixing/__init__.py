"""From findings to changed files: plans for working trees and applications, changes made in a copy, and the proof."""
