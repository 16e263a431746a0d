from testing.client import fetch

if __name__ == "__main__":
    fetch()
