"""Groups and instances that stand there from the start: made in moto's own objects, by no call that counts."""

from typing import Any

from moto.autoscaling.models import ASG_NAME_TAG, FakeLaunchConfiguration, InstanceState

from rearm_workbench.emulators.aws.autoscaling import Backend

IMAGE = "ami-12c6146b"
INSTANCE_TYPE = "t3.micro"
CONFIGURATION = "rearm-seed"


def seed_group(backend: Backend, name: str) -> Any:
    """An empty group of any name. Its `Launch` process is suspended: an instance that fails is not replaced."""
    if CONFIGURATION not in backend.launch_configurations:
        backend.launch_configurations[CONFIGURATION] = _launch_configuration(backend)
    group = backend.create_auto_scaling_group(
        name=name,
        availability_zones=[f"{backend.region_name}a"],
        desired_capacity=0,
        max_size=100,
        min_size=0,
        launch_config_name=CONFIGURATION,
        launch_template={},
        vpc_zone_identifier=None,
        default_cooldown=None,
        health_check_period=None,
        health_check_type=None,
        load_balancers=[],
        target_group_arns=[],
        placement_group=None,
        termination_policies=[],
        tags=[],
    )
    group.suspended_processes = ["Launch"]
    return group


def _launch_configuration(backend: Backend) -> FakeLaunchConfiguration:
    return FakeLaunchConfiguration(
        name=CONFIGURATION,
        image_id=IMAGE,
        key_name=None,
        ramdisk_id="",
        kernel_id="",
        security_groups=[],
        user_data=None,
        instance_type=INSTANCE_TYPE,
        instance_monitoring=False,
        instance_profile_name=None,
        spot_price=None,
        ebs_optimized=False,
        associate_public_ip_address=False,
        block_device_mapping_dict=[],
        account_id=backend.account_id,
        region_name=backend.region_name,
        metadata_options=None,
        classic_link_vpc_id=None,
        classic_link_vpc_security_groups=None,
    )


def seed_instance(group: Any, instance_id: str) -> Any:
    """An instance of exactly that id in the group. Answers moto's `InstanceState`."""
    reservation = group.ec2_backend.run_instances(
        IMAGE,
        1,
        None,
        [],
        instance_type=INSTANCE_TYPE,
        is_instance_type_default=True,
        placement=group.availability_zones[0],
        tags={"instance": {ASG_NAME_TAG: group.name}},
        instance_id=instance_id,
    )
    state = InstanceState(reservation.instances[0], autoscaling_group=group)
    group.instance_states.append(state)
    group.desired_capacity += 1
    return state
