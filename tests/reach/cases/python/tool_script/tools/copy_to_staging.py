import paramiko
paramiko.SSHClient()
