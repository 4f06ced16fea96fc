/// The type names a building file may use: RealEstateCore for spaces, Brick 1.4 for equipment, collections and points.
///
/// A closed list of what a building gateway meets, each name checked against the published ontologies. Unknown names are
/// refused when a building is loaded, because the ontologies' own validation is open-world and accepts any name.
package enum TypeTable {
    package enum Kind: Sendable {
        /// RealEstateCore (`rec:`).
        case space
        /// Brick equipment or a system of it (`brick:`).
        case equipment
        /// Brick point (`brick:`).
        case point
    }

    package static func kind(of name: String) -> Kind? { kinds[name] }

    /// `rec:Room`, `brick:AHU`.
    package static func qualified(_ name: String) -> String? {
        kinds[name].map { ($0 == .space ? "rec:" : "brick:") + name }
    }

    /// The name that was probably meant by an unknown one: a well-known slip first, else the nearest spelling.
    package static func suggestion(for name: String, kinds wanted: [Kind]) -> String? {
        if let slip = slips[name], let kind = kinds[slip], wanted.contains(kind) { return slip }
        return NearestName.find(name, in: (entityNames + pointNames).filter { kinds[$0].map(wanted.contains) ?? false })
    }

    /// Names that an entity may have.
    package static let entityNames = spaces + equipment
    package static let pointNames = points

    private static let kinds: [String: Kind] = {
        var kinds: [String: Kind] = [:]
        for name in spaces { kinds[name] = .space }
        for name in equipment { kinds[name] = .equipment }
        for name in points { kinds[name] = .point }
        return kinds
    }()

    private static let spaces = names(
        """
        Site Building SubBuilding Wing Level BasementLevel RoofLevel MezzanineLevel Room Office OfficeRoom
        OfficeLandscape ConferenceRoom ConversationRoom PhoneBooth TeamRoom MeditationRoom MultiPurposeRoom
        Classroom Auditorium Library Laboratory Workshop Lobby Reception Entrance Hallway Stairwell ElevatorShaft
        Atrium Kitchenette CookingRoom CafeteriaRoom DiningRoom Pantry Storage Toilet ShowerRoom LockerRoom
        CleaningRoom LaundryRoom LivingRoom Bedroom Bathroom UtilitiesRoom ElectricityRoom TelecommunicationRoom
        DataServerRoom ClimateControlRoom WasteManagementRoom Garage BicycleGarage ParkingSpace OutdoorSpace Zone
        HVACZone OccupancyZone Workspace
        """)

    private static let equipment = names(
        """
        Equipment Meter Building_Meter Electrical_Meter Building_Electrical_Meter Water_Meter Building_Water_Meter
        Gas_Meter Building_Gas_Meter Hot_Water_Meter Building_Hot_Water_Meter Chilled_Water_Meter
        Thermal_Power_Meter Electrical_Equipment Switchgear Breaker_Panel Circuit_Breaker Main_Circuit_Breaker
        Transformer Relay Switch PlugStrip Inverter Photovoltaic_Inverter PV_Panel PV_Array PV_Generation_System
        Battery Battery_Energy_Storage_System Energy_Storage Electric_Vehicle_Charging_Station
        Electric_Vehicle_Charging_Port Electric_Vehicle_Charging_Hub HVAC_Equipment HVAC_System AHU DOAS
        Rooftop_Unit Makeup_Air_Unit VAV CAV FCU Fan_Coil_Unit Terminal_Unit Fan Supply_Fan Return_Fan Exhaust_Fan
        Filter Damper Economizer Heat_Wheel Heat_Exchanger Heat_Recovery_Condensing_Unit Heating_Coil Cooling_Coil
        Humidifier Chiller Cooling_Tower Compressor Boiler Electric_Boiler Natural_Gas_Boiler Water_Heater
        Packaged_Heat_Pump Packaged_Air_Source_Heat_Pump Packaged_Water_Source_Heat_Pump
        Heat_Pump_Ground_Source_Condensing_Unit Heat_Pump_Air_Source_Condensing_Unit Solar_Thermal_Collector
        Radiator Hot_Water_Radiator Electric_Radiator Radiant_Panel Space_Heater Thermostat Pump Hot_Water_Pump
        Chilled_Water_Pump Circulator_Pump Valve Heating_Valve Cooling_Valve Mixing_Valve Tank Storage_Tank
        Hot_Water_Storage_Tank Hot_Water_System Domestic_Hot_Water_System Chilled_Water_System Air_System
        Lighting_System Water_System Electrical_System VFD Variable_Frequency_Drive Motor Lighting_Equipment
        Luminaire Blind Elevator Weather_Station IAQ_Sensor_Equipment Occupancy_Sensor_Equipment
        People_Count_Sensor_Equipment Leak_Detector_Equipment Sensor_Equipment Smoke_Detector Heat_Detector
        Fire_Alarm_Control_Panel Access_Control_Equipment Access_Reader ICT_Rack Modbus_Controller BACnet_Controller
        """)

    private static let points = names(
        """
        Sensor Setpoint Command Status Alarm Parameter Electric_Energy_Sensor Energy_Sensor Reactive_Energy_Sensor
        Thermal_Energy_Usage_Sensor Electric_Power_Sensor Power_Sensor Active_Power_Sensor Reactive_Power_Sensor
        Power_Factor_Sensor Peak_Demand_Sensor Current_Sensor Load_Current_Sensor Motor_Current_Sensor
        Voltage_Sensor Battery_Voltage_Sensor DC_Bus_Voltage_Sensor Frequency_Sensor Output_Frequency_Sensor
        Thermal_Power_Sensor Heating_Thermal_Power_Sensor Temperature_Sensor Air_Temperature_Sensor
        Zone_Air_Temperature_Sensor Outside_Air_Temperature_Sensor Supply_Air_Temperature_Sensor
        Return_Air_Temperature_Sensor Exhaust_Air_Temperature_Sensor Mixed_Air_Temperature_Sensor
        Discharge_Air_Temperature_Sensor Radiant_Panel_Temperature_Sensor Heat_Sink_Temperature_Sensor
        Water_Temperature_Sensor Leaving_Hot_Water_Temperature_Sensor Entering_Hot_Water_Temperature_Sensor
        Leaving_Water_Temperature_Sensor Entering_Water_Temperature_Sensor Chilled_Water_Temperature_Sensor
        Leaving_Domestic_Hot_Water_Temperature_Sensor Humidity_Sensor Relative_Humidity_Sensor
        Zone_Air_Humidity_Sensor Outside_Air_Humidity_Sensor Supply_Air_Humidity_Sensor Return_Air_Humidity_Sensor
        CO2_Sensor CO2_Level_Sensor Zone_CO2_Level_Sensor Return_Air_CO2_Sensor TVOC_Sensor TVOC_Level_Sensor
        PM2.5_Sensor PM2.5_Level_Sensor PM10_Sensor PM10_Level_Sensor Radon_Concentration_Sensor Air_Quality_Sensor
        Illuminance_Sensor Outside_Illuminance_Sensor Luminance_Sensor Solar_Irradiance_Sensor Wind_Speed_Sensor
        Wind_Direction_Sensor Rain_Level_Sensor Pressure_Sensor Air_Pressure_Sensor Static_Pressure_Sensor
        Supply_Air_Static_Pressure_Sensor Differential_Pressure_Sensor Filter_Differential_Pressure_Sensor
        Water_Pressure_Sensor Flow_Sensor Air_Flow_Sensor Supply_Air_Flow_Sensor Return_Air_Flow_Sensor
        Outside_Air_Flow_Sensor Water_Flow_Sensor Hot_Water_Flow_Sensor Chilled_Water_Flow_Sensor Usage_Sensor
        Water_Usage_Sensor Hot_Water_Usage_Sensor Natural_Gas_Usage_Sensor Water_Level_Sensor Speed_Sensor
        Position_Sensor Damper_Position_Sensor Valve_Position_Sensor Run_Time_Sensor Duration_Sensor
        Occupancy_Sensor Occupancy_Count_Sensor Motion_Sensor PIR_Sensor Contact_Sensor Temperature_Setpoint
        Air_Temperature_Setpoint Target_Zone_Air_Temperature_Setpoint Heating_Temperature_Setpoint
        Supply_Air_Temperature_Setpoint Water_Temperature_Setpoint Leaving_Hot_Water_Temperature_Setpoint
        Leaving_Domestic_Hot_Water_Temperature_Setpoint Humidity_Setpoint CO2_Setpoint Supply_Air_Flow_Setpoint
        Static_Pressure_Setpoint Speed_Setpoint On_Off_Command Enable_Command Mode_Command Fan_Command
        Fan_Speed_Command Damper_Position_Command Valve_Position_Command Luminance_Command Position_Command
        Reset_Command On_Off_Status Run_Status Start_Stop_Status Mode_Status Operating_Mode_Status System_Status
        Availability_Status Fan_Status Fan_On_Off_Status Pump_Status Pump_On_Off_Status Valve_Status
        Damper_Position_Status Heating_Mode_Status Cooling_Mode_Status Occupancy_Status Open_Close_Status
        Enable_Status Fault_Status Last_Fault_Code_Status Filter_Status Manual_Auto_Status Overridden_Status
        Switch_Status Load_Shed_Status Change_Filter_Alarm Failure_Alarm Unit_Failure_Alarm Sensor_Failure_Alarm
        Communication_Loss_Alarm Temperature_Alarm High_Temperature_Alarm Low_Temperature_Alarm CO2_Alarm
        High_CO2_Alarm Leak_Alarm Smoke_Alarm Low_Battery_Alarm Power_Loss_Alarm Overload_Alarm
        Maintenance_Required_Alarm
        """)

    /// Names that look right and do not exist, or are deprecated.
    private static let slips = [
        "PV_Inverter": "Photovoltaic_Inverter", "Solar_Inverter": "Photovoltaic_Inverter", "Floor": "Level",
        "Storey": "Level",
        "Air_Handler_Unit": "AHU", "Air_Handling_Unit": "AHU", "Heat_Pump": "Packaged_Heat_Pump",
        "Variable_Air_Volume_Box": "VAV",
        "EV_Charger": "Electric_Vehicle_Charging_Station", "Main_Meter": "Building_Electrical_Meter",
        "Electrical_Power_Sensor": "Electric_Power_Sensor", "Electrical_Energy_Sensor": "Electric_Energy_Sensor",
        "Zone_Air_Temperature_Setpoint": "Target_Zone_Air_Temperature_Setpoint",
        "Hot_Water_Supply_Temperature_Sensor": "Leaving_Hot_Water_Temperature_Sensor", "Meeting_Room": "ConferenceRoom",
        "Fan_Speed_Sensor": "Speed_Sensor",
    ]

    private static func names(_ text: String) -> [String] {
        text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map(String.init)
    }
}
