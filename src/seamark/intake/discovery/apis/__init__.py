"""Descriptions of APIs: OpenAPI, AsyncAPI, GraphQL and protocol buffers."""
