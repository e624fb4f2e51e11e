"""gunicorn behind nginx: gunicorn -c deploy/gunicorn.conf.py clinic.wsgi"""

bind = "127.0.0.1:8001"
workers = 3
worker_class = "sync"  # nginx buffers slow senders, so a worker is never held by one
timeout = 30  # seconds
max_requests = 2_000
max_requests_jitter = 200
accesslog = None  # a status page's address opens it: no log may hold it
control_socket_disable = True
