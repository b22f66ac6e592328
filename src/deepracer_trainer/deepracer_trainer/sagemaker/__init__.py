"""The trainer as a SageMaker training container: what the service gives, and what it expects.

The program is `sagemaker_train`. No module here imports TensorFlow: the trainer is a process of its
own, and this one watches it, so that a trainer that dies is told in the service's own way.
"""
