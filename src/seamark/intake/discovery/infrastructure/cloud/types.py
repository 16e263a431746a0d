"""What the types of cloud resources are: data stores and their engines, secret stores, what runs programs, what lets traffic in."""

from __future__ import annotations

from typing import Final

STORES: Final = {
    "aws_db_instance": "", "aws_rds_cluster": "", "aws_dynamodb_table": "dynamodb", "aws_dynamodb_global_table": "dynamodb", "aws_s3_bucket": "s3", "aws_s3_directory_bucket": "s3", "aws_elasticache_cluster": "", "aws_elasticache_replication_group": "redis", "aws_elasticache_serverless_cache": "",
    "aws_memorydb_cluster": "redis", "aws_redshift_cluster": "redshift", "aws_redshiftserverless_workgroup": "redshift", "aws_neptune_cluster": "neptune", "aws_docdb_cluster": "mongodb", "aws_elasticsearch_domain": "elasticsearch", "aws_opensearch_domain": "opensearch", "aws_opensearchserverless_collection": "opensearch",
    "aws_sqs_queue": "sqs", "aws_sns_topic": "sns", "aws_kinesis_stream": "kinesis", "aws_kinesis_firehose_delivery_stream": "firehose", "aws_msk_cluster": "kafka", "aws_msk_serverless_cluster": "kafka", "aws_mq_broker": "", "aws_efs_file_system": "efs", "aws_fsx_lustre_file_system": "fsx", "aws_ebs_volume": "ebs",
    "aws_keyspaces_table": "cassandra", "aws_timestreamwrite_table": "timestream", "aws_qldb_ledger": "qldb", "aws_glacier_vault": "glacier", "aws_glue_catalog_database": "glue", "aws_athena_database": "athena", "aws_lightsail_database": "",
    "google_sql_database_instance": "", "google_storage_bucket": "gcs", "google_bigquery_dataset": "bigquery", "google_bigquery_table": "bigquery", "google_bigtable_instance": "bigtable", "google_spanner_instance": "spanner", "google_spanner_database": "spanner", "google_firestore_database": "firestore", "google_redis_instance": "redis", "google_redis_cluster": "redis",
    "google_memcache_instance": "memcached", "google_pubsub_topic": "pubsub", "google_pubsub_subscription": "pubsub", "google_alloydb_cluster": "postgresql", "google_filestore_instance": "filestore", "google_compute_disk": "disk", "google_datastore_index": "datastore",
    "azurerm_storage_account": "azure-storage", "azurerm_storage_container": "azure-blob", "azurerm_storage_share": "azure-files", "azurerm_storage_queue": "azure-queue", "azurerm_storage_table": "azure-table", "azurerm_mssql_server": "mssql", "azurerm_sql_server": "mssql", "azurerm_mssql_database": "mssql", "azurerm_sql_database": "mssql", "azurerm_mssql_managed_instance": "mssql",
    "azurerm_postgresql_server": "postgresql", "azurerm_postgresql_flexible_server": "postgresql", "azurerm_postgresql_database": "postgresql", "azurerm_postgresql_flexible_server_database": "postgresql", "azurerm_mysql_server": "mysql", "azurerm_mysql_flexible_server": "mysql", "azurerm_mariadb_server": "mariadb", "azurerm_cosmosdb_account": "cosmosdb", "azurerm_cosmosdb_sql_database": "cosmosdb",
    "azurerm_redis_cache": "redis", "azurerm_managed_redis": "redis", "azurerm_servicebus_namespace": "servicebus", "azurerm_servicebus_queue": "servicebus", "azurerm_servicebus_topic": "servicebus", "azurerm_eventhub_namespace": "eventhub", "azurerm_eventhub": "eventhub", "azurerm_synapse_workspace": "synapse", "azurerm_data_lake_store": "adls", "azurerm_managed_disk": "disk", "azurerm_kusto_cluster": "kusto",
    "alicloud_oss_bucket": "oss", "alicloud_db_instance": "", "oci_objectstorage_bucket": "oci-object-storage", "oci_database_autonomous_database": "oracle", "oci_core_volume": "volume", "digitalocean_database_cluster": "", "digitalocean_spaces_bucket": "s3", "digitalocean_volume": "volume", "mongodbatlas_cluster": "mongodb", "mongodbatlas_advanced_cluster": "mongodb",
    "confluent_kafka_cluster": "kafka", "confluent_kafka_topic": "kafka", "snowflake_database": "snowflake", "heroku_addon": "", "scaleway_rdb_instance": "", "scaleway_object_bucket": "s3", "hcloud_volume": "volume", "ibm_cos_bucket": "s3", "cloudflare_r2_bucket": "s3", "upstash_redis_database": "redis", "neon_project": "postgresql", "supabase_project": "postgresql", "linode_object_storage_bucket": "s3",
}  # fmt: skip
"""Data stores with their engine; empty where an attribute says it."""

SECRETS: Final = frozenset({
    "aws_secretsmanager_secret", "aws_ssm_parameter", "google_secret_manager_secret", "google_secret_manager_regional_secret", "azurerm_key_vault", "vault_mount", "vault_kv_secret_v2", "vault_generic_secret", "azurerm_app_configuration",
})  # fmt: skip
COMPUTE: Final = frozenset({
    "aws_instance", "aws_spot_instance_request", "aws_launch_template", "aws_launch_configuration", "aws_autoscaling_group", "aws_ecs_service", "aws_ecs_task_definition", "aws_lambda_function", "aws_apprunner_service", "aws_batch_job_definition", "aws_elastic_beanstalk_environment", "aws_eks_cluster", "aws_lightsail_instance",
    "aws_lightsail_container_service", "aws_sagemaker_endpoint", "aws_sagemaker_notebook_instance", "aws_codebuild_project", "aws_glue_job", "aws_emr_cluster", "aws_sfn_state_machine", "google_compute_instance", "google_compute_instance_template", "google_cloud_run_service", "google_cloud_run_v2_service", "google_cloud_run_v2_job",
    "google_cloudfunctions_function", "google_cloudfunctions2_function", "google_container_cluster", "google_app_engine_standard_app_version", "google_app_engine_flexible_app_version", "azurerm_linux_virtual_machine", "azurerm_windows_virtual_machine", "azurerm_virtual_machine", "azurerm_linux_virtual_machine_scale_set",
    "azurerm_linux_web_app", "azurerm_windows_web_app", "azurerm_app_service", "azurerm_linux_function_app", "azurerm_windows_function_app", "azurerm_function_app", "azurerm_container_group", "azurerm_container_app", "azurerm_kubernetes_cluster", "digitalocean_app", "digitalocean_droplet", "digitalocean_kubernetes_cluster",
    "hcloud_server", "heroku_app", "linode_instance", "scaleway_instance_server", "scaleway_container", "kubernetes_deployment", "kubernetes_deployment_v1", "kubernetes_stateful_set", "kubernetes_pod", "kubernetes_cron_job_v1", "nomad_job", "fly_app", "cloudflare_workers_script", "vercel_project",
})  # fmt: skip
GATEWAYS: Final = frozenset({
    "aws_lb", "aws_alb", "aws_elb", "aws_api_gateway_rest_api", "aws_apigatewayv2_api", "aws_cloudfront_distribution", "aws_globalaccelerator_accelerator", "aws_appsync_graphql_api", "google_compute_global_forwarding_rule", "google_compute_forwarding_rule", "google_api_gateway_gateway",
    "azurerm_application_gateway", "azurerm_lb", "azurerm_cdn_frontdoor_endpoint", "azurerm_frontdoor", "azurerm_api_management", "azurerm_cdn_endpoint", "digitalocean_loadbalancer", "hcloud_load_balancer",
})  # fmt: skip
PLUMBING: Final = frozenset({
    "aws_lb_listener", "aws_alb_listener", "aws_lb_listener_rule", "aws_alb_listener_rule", "aws_lb_target_group", "aws_alb_target_group", "aws_lb_target_group_attachment", "aws_alb_target_group_attachment", "aws_autoscaling_attachment", "aws_elb_attachment", "aws_api_gateway_integration", "aws_apigatewayv2_integration",
    "aws_api_gateway_method", "aws_api_gateway_resource", "aws_apigatewayv2_route", "aws_appsync_datasource", "aws_globalaccelerator_listener", "aws_globalaccelerator_endpoint_group", "google_compute_target_http_proxy", "google_compute_target_https_proxy", "google_compute_target_tcp_proxy", "google_compute_url_map", "google_compute_backend_service", "google_compute_region_backend_service",
    "google_compute_backend_bucket", "google_compute_region_network_endpoint_group", "google_compute_instance_group", "google_compute_instance_group_manager", "google_compute_target_pool", "azurerm_lb_backend_address_pool", "azurerm_network_interface_backend_address_pool_association", "azurerm_network_interface",
    "azurerm_lb_rule", "azurerm_network_interface_application_gateway_backend_address_pool_association", "azurerm_cdn_frontdoor_route", "azurerm_cdn_frontdoor_origin", "azurerm_cdn_frontdoor_origin_group", "hcloud_load_balancer_target",
})  # fmt: skip
"""What stands between a gateway and what it sends traffic to."""
MODULES: Final = {
    "rds": "aws_db_instance", "rds-aurora": "aws_rds_cluster", "s3-bucket": "aws_s3_bucket", "dynamodb-table": "aws_dynamodb_table", "sqs": "aws_sqs_queue", "sns": "aws_sns_topic", "elasticache": "aws_elasticache_cluster", "elasticache-redis": "aws_elasticache_replication_group", "opensearch": "aws_opensearch_domain", "redshift": "aws_redshift_cluster", "msk-kafka-cluster": "aws_msk_cluster",
    "efs": "aws_efs_file_system", "memory-db": "aws_memorydb_cluster", "alb": "aws_lb", "elb": "aws_elb", "lambda": "aws_lambda_function", "eks": "aws_eks_cluster", "ec2-instance": "aws_instance", "autoscaling": "aws_autoscaling_group", "cloudfront": "aws_cloudfront_distribution", "apigateway-v2": "aws_apigatewayv2_api", "app-runner": "aws_apprunner_service", "secrets-manager": "aws_secretsmanager_secret",
    "security-group": "aws_security_group", "vpc": "aws_vpc", "sql-db": "google_sql_database_instance", "cloud-storage": "google_storage_bucket", "kubernetes-engine": "google_container_cluster", "cloud-run": "google_cloud_run_service", "pubsub": "google_pubsub_topic", "memorystore": "google_redis_instance", "bigquery": "google_bigquery_dataset", "aks": "azurerm_kubernetes_cluster",
}  # fmt: skip
"""Modules of the public registry, by name, with the resource that each is about."""
ENGINES: Final = {
    "postgres": "postgresql", "postgresql": "postgresql", "aurora-postgresql": "postgresql", "aurora-mysql": "mysql", "aurora": "mysql", "mysql": "mysql", "mariadb": "mariadb", "sqlserver": "mssql", "oracle": "oracle", "redis": "redis", "valkey": "valkey", "memcached": "memcached", "activemq": "activemq", "rabbitmq": "rabbitmq", "pg": "postgresql", "mongodb": "mongodb",
}  # fmt: skip
PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521, "redis": 6379, "redshift": 5439, "mongodb": 27017, "neptune": 8182, "opensearch": 443, "elasticsearch": 443}  # fmt: skip
ACTIONS: Final = {
    "s3": ("aws_s3_bucket",), "dynamodb": ("aws_dynamodb_table",), "sqs": ("aws_sqs_queue",), "sns": ("aws_sns_topic",), "kinesis": ("aws_kinesis_stream",), "firehose": ("aws_kinesis_firehose_delivery_stream",), "secretsmanager": ("aws_secretsmanager_secret",), "ssm": ("aws_ssm_parameter",),
    "rds-db": ("aws_db_instance", "aws_rds_cluster"), "rds-data": ("aws_rds_cluster",), "es": ("aws_opensearch_domain", "aws_elasticsearch_domain"), "elasticfilesystem": ("aws_efs_file_system",), "elasticache": ("aws_elasticache_replication_group", "aws_elasticache_cluster"), "neptune-db": ("aws_neptune_cluster",),
}  # fmt: skip
"""Types of data and secret stores by the service that an action of a policy names."""
