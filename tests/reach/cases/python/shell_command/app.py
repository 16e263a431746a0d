import os
os.system("python scripts/job.py now")
