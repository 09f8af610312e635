"""What Prometheus reads at /metrics (docs/monitoring.md).

What happens is counted in the process where it happens, and summed over all processes in Redis (totals, reporter). What is,
such as the questions that wait and the states of nodes, is read from the database and from Redis when Prometheus asks (gauges).
"""
